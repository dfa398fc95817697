"""What makes the streams of the suite, byte by byte from the texts: no encoder of this project has a part in them."""

console.error('weights.bin is not there');
process.exit(1);

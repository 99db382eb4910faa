import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/formats/text.js';

describe('a text file', () => {
  const TEXT = 'index,name\r\n0,Ŷ €\n';
  test.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16, little end first', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16()],
  ])('in %s is the text without a mark', (_, bytes) => {
    expect(decodeText(bytes)).toBe(TEXT);
    expect(decodeText(new Uint8Array(bytes))).toBe(TEXT);
  });

  test('may be empty, or a single byte', () => {
    expect(decodeText(new Uint8Array(0))).toBe('');
    expect(decodeText(Buffer.from('x'))).toBe('x');
  });
});

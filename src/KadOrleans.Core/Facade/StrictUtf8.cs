using System.Text;

namespace KadOrleans;

/// <summary>The UTF-8 of a text that is signed, or is a salt.</summary>
internal static class StrictUtf8
{
    // Half of a surrogate pair would become U+FFFD: two salts would be one, and another text would be signed.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text is no Unicode.</exception>
    public static ReadOnlyMemory<byte> ToBytes(string text) => Utf8.GetBytes(text);
}

using System.Text;

namespace KadOrleans;

/// <summary>A salt that is text: its UTF-8.</summary>
internal static class SaltText
{
    // Half of a surrogate pair would become U+FFFD, and two salts be one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text is no Unicode.</exception>
    public static ReadOnlyMemory<byte> ToBytes(string salt) => Utf8.GetBytes(salt);
}

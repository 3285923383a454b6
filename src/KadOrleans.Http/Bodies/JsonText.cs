using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace KadOrleans.Http;

// Whether the text of JSON is Unicode. The framework parses strings of other bytes, and escapes of half a surrogate pair, and fails when such a
// text is read: anywhere, as its member may be any.
internal static class JsonText
{
    /// <summary>What is wrong with it, as the end of a sentence.</summary>
    public const string Problem = @"text that is not Unicode: bytes that are not UTF-8, or one of \ud800 to \udfff without its pair";

    private const int EscapeLength = 6;

    /// <summary>Whether all names and texts of an element are Unicode.</summary>
    public static bool IsUnicode(JsonElement json)
    {
        var bytes = JsonMarshal.GetRawUtf8Value(json);
        return Utf8.IsValid(bytes) && HasWholePairs(bytes);
    }

    // A backslash is within a text alone, and begins an escape.
    private static bool HasWholePairs(ReadOnlySpan<byte> json)
    {
        while (json.IndexOf((byte)'\\') is >= 0 and var start)
        {
            json = json[start..];
            if (UnitOf(json) is { } unit && char.IsSurrogate(unit))
            {
                if (!char.IsHighSurrogate(unit) || UnitOf(json[EscapeLength..]) is not { } other || !char.IsLowSurrogate(other))
                {
                    return false;
                }

                json = json[(2 * EscapeLength)..];
            }
            else
            {
                // Past the escaped character, which may be a backslash.
                json = json[2..];
            }
        }

        return true;
    }

    /// <summary>The code unit of an escape such as \u20ac; null if there is no such escape.</summary>
    private static char? UnitOf(ReadOnlySpan<byte> json) =>
        json.StartsWith("\\u"u8) && ushort.TryParse(json[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}

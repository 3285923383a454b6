using System.Text;

namespace KadOrleans.Core;

// Makes strangers' text safe to show. A terminal obeys control characters; bidirectional and zero-width ones make a text look
// like another. They are chosen by Unicode category, so that none is forgotten: controls, format characters, separators of lines
// and paragraphs, lone surrogates, private and unassigned ones. So are the few letters and marks without a visible form. An emoji
// that is joined by U+200D is shown as its parts.
internal static class VisibleText
{
    private const int FirstPicture = 0x2400;
    private const int LastC0 = 0x1F;
    private const int Delete = 0x7F;
    private const int MaxExcerpt = 60;

    // Controls become a picture such as ␛, others a notation such as <U+202E>. The result is one line.
    public static string Show(string text) => Replace(text, AppendPicture);

    public static string ShowLines(string text) =>
        string.Join(Environment.NewLine, text.ReplaceLineEndings("\n").Split('\n').Select(Show));

    public static string Excerpt(string? text, int most = MaxExcerpt)
    {
        if (text is null || text.Length <= most)
        {
            return Show(text ?? string.Empty);
        }

        var length = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return Show(text[..length]) + "…";
    }

    /// <summary>Replaces each invisible character of a JSON document of one line by an escape such as \u202E.</summary>
    public static string EscapeJson(string json) => Replace(json, AppendEscape);

    public static bool IsInvisible(Rune character) => Rune.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format => true,
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => true,
        _ => IsIgnorable(character.Value),
    };

    private static string Replace(string text, Action<StringBuilder, int> append)
    {
        StringBuilder? shown = null;
        for (var at = 0; at < text.Length;)
        {
            var isWhole = Rune.TryGetRuneAt(text, at, out var rune);
            var length = isWhole ? rune.Utf16SequenceLength : 1;
            if (!isWhole || IsInvisible(rune))
            {
                append(shown ??= new StringBuilder(text, 0, at, text.Length + 16), isWhole ? rune.Value : text[at]);
            }
            else
            {
                shown?.Append(text, at, length);
            }

            at += length;
        }

        return shown?.ToString() ?? text;
    }

    private static void AppendPicture(StringBuilder shown, int character) => shown.Append(character switch
    {
        <= LastC0 => $"{(char)(FirstPicture + character)}",
        Delete => "\u2421",
        _ => string.Create(CultureInfo.InvariantCulture, $"<U+{character:X4}>"),
    });

    private static void AppendEscape(StringBuilder escaped, int character)
    {
        if (character > char.MaxValue)
        {
            var pair = new Rune(character).ToString();
            AppendEscape(escaped, pair[0]);
            AppendEscape(escaped, pair[1]);
            return;
        }

        escaped.Append(CultureInfo.InvariantCulture, $"\\u{character:X4}");
    }

    // Letters and marks by category, but displayed as nothing: Unicode's property Default_Ignorable_Code_Point.
    private static bool IsIgnorable(int character) => character
        is 0x034F // combining grapheme joiner
        or 0x115F or 0x1160 or 0x3164 or 0xFFA0 // Hangul fillers
        or 0x17B4 or 0x17B5 // inherent vowels of Khmer
        or (>= 0x180B and <= 0x180F) // variation selectors of Mongolian
        or (>= 0xFE00 and <= 0xFE0F) // variation selectors
        or (>= 0xE0100 and <= 0xE01EF); // further ones
}

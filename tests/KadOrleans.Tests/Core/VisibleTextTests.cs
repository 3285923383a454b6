using System.Text.Encodings.Web;

namespace KadOrleans.Tests.Core;

public sealed class VisibleTextTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("\u001b]0;owned\u0007", "␛]0;owned␇")] // a terminal's title
    [InlineData("a\r\nb\tc\0\u007f", "a␍␊b␉c␀␡")]
    [InlineData("\u009b2J\u0085", "<U+009B>2J<U+0085>")] // C1: the same commands in one character
    [InlineData("\u202egpj.exe", "<U+202E>gpj.exe")]
    [InlineData("\u202a\u202d\u202c\u2066\u2069\u200e\u200f\u061c", "<U+202A><U+202D><U+202C><U+2066><U+2069><U+200E><U+200F><U+061C>")]
    [InlineData("ad\u200bmin\u200c\u200d\u2060\ufeff\u00ad", "ad<U+200B>min<U+200C><U+200D><U+2060><U+FEFF><U+00AD>")]
    [InlineData("a\u2028b\u2029c", "a<U+2028>b<U+2029>c")]
    [InlineData("\U000E0041\U000E007F", "<U+E0041><U+E007F>")] // tags: letters that nobody sees
    [InlineData("x\ufe0f\U000E0100\u3164\u034f", "x<U+FE0F><U+E0100><U+3164><U+034F>")]
    [InlineData("\ue000\uffff\U0010FFFE", "<U+E000><U+FFFF><U+10FFFE>")]
    [InlineData("\U0001F468\u200d\U0001F467", "\U0001F468<U+200D>\U0001F467")] // a family becomes its members
    public void Invisible_characters_become_visible(string text, string shown) => Assert.Equal(shown, VisibleText.Show(text));

    [Fact]
    public void Surrogates_without_a_partner_become_visible()
    {
        Assert.Equal("<U+D83D>a<U+DC00>", VisibleText.Show("\ud83da\udc00"));
        Assert.Equal("a<U+D83D>", VisibleText.Show("a\ud83d"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Grüße, ␛ ‘quoted’ – €\u00a0100\u3000…")]
    [InlineData("日本語 עברית العربية हिन्दी e\u0301 \U0001F600 \uFFFD")]
    public void Visible_text_stays_the_same_object(string text) => Assert.Same(text, VisibleText.Show(text));

    [Fact]
    public void Every_character_of_unicode_is_visible_afterwards_and_shown_once()
    {
        for (var point = 0; point <= 0x10FFFF; point++)
        {
            var text = point is >= 0xD800 and <= 0xDFFF ? ((char)point).ToString() : char.ConvertFromUtf32(point);
            var shown = VisibleText.Show(text);

            // A million calls of Assert would take longer than all else here.
            var isVisible = true;
            foreach (var rune in shown.EnumerateRunes())
            {
                isVisible &= !VisibleText.IsInvisible(rune);
            }

            if (!isVisible || !ReferenceEquals(shown, VisibleText.Show(shown)))
            {
                Assert.Fail($"U+{point:X4} became '{shown}'.");
            }
        }
    }

    [Fact]
    public void Line_breaks_of_a_stack_trace_stay_and_nothing_else_does() =>
        Assert.Equal($"a␛{Environment.NewLine}  b<U+202E>", VisibleText.ShowLines("a\u001b\r\n  b\u202e"));

    [Fact]
    public void An_excerpt_is_short_and_cuts_no_character_in_two()
    {
        Assert.Equal(string.Empty, VisibleText.Excerpt(null));
        Assert.Equal(new string('a', 60), VisibleText.Excerpt(new string('a', 60)));
        Assert.Equal(new string('a', 60) + "…", VisibleText.Excerpt(new string('a', 61)));
        Assert.Equal(new string('a', 59) + "…", VisibleText.Excerpt(new string('a', 59) + "\U0001F600"));
    }

    [Fact]
    public void Json_is_escaped_and_means_the_same()
    {
        const string Text = "\"\\ \u001b\u007f\u009b\u202e\u200b\u2028\U000E0041 \U0001F600 ü";
        var json = VisibleText.EscapeJson(JsonSerializer.Serialize(Text, Relaxed));

        Assert.DoesNotContain(json.EnumerateRunes(), VisibleText.IsInvisible);
        Assert.Equal(Text, JsonSerializer.Deserialize<string>(json));
    }
}

using System.Text;

namespace KadOrleans.Cli.Output;

/// <summary>Text of strangers for a terminal, which takes control characters for commands.</summary>
internal static class TerminalText
{
    private const char FirstPicture = '\u2400';
    private const char PictureOfDelete = '\u2421';
    private const char Delete = '\u007F';
    private const char LastC1 = '\u009F';

    /// <summary>The text with a picture in place of each control character but tab and newline.</summary>
    public static string Show(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            shown.Append(character switch
            {
                '\t' or '\n' => character,
                < ' ' => (char)(FirstPicture + character),
                Delete => PictureOfDelete,
                > Delete and <= LastC1 => '\uFFFD',
                _ => character,
            });
        }

        return shown.ToString();
    }
}

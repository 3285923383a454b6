using System.Text;
using KadOrleans.Core;

namespace KadOrleans.Cli.Output;

/// <summary>Prints the value that a <c>get</c> found.</summary>
internal static class ValueOutput
{
    /// <summary>How it is printed, for the help.</summary>
    public const string Notes = "Text is printed unchanged to a file or pipe. On a terminal it is one line: control characters and line breaks are shown as "
        + "␛ and the like, other invisible characters as <U+202E>. Numbers, booleans and bytes in hexadecimal end with a newline.";

    /// <summary>Writes a value to the standard output.</summary>
    /// <param name="io">Its streams.</param>
    /// <param name="type">The type's name.</param>
    /// <param name="text">The value as text; bytes in hexadecimal.</param>
    /// <param name="raw">Whether bytes are printed as they are, and text unchanged on a terminal too.</param>
    public static Task WriteAsync(CommandIo io, string type, string text, bool raw) => type switch
    {
        "string" when io.IsOutputTerminal => io.Output.WriteLineAsync(raw ? text : VisibleText.Show(text)),

        // A file has the text's bytes and no others.
        "string" => WriteAsync(io, Encoding.UTF8.GetBytes(text)),
        "bytes" when raw => WriteAsync(io, Convert.FromHexString(text)),
        _ => io.Output.WriteLineAsync(text),
    };

    private static async Task WriteAsync(CommandIo io, byte[] content)
    {
        await io.OutputBytes.WriteAsync(content);
        await io.OutputBytes.FlushAsync();
    }
}

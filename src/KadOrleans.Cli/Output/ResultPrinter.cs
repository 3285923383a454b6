using System.Text.Encodings.Web;
using System.Text.Json;
using KadOrleans.Core;
using Spectre.Console;

namespace KadOrleans.Cli.Output;

/// <summary>Prints results: a JSON object for programs, a table for a person at a terminal, plain lines otherwise.</summary>
internal sealed class ResultPrinter(CommandIo io, bool json)
{
    // The output is not part of a web page, so text stays readable.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Spaces and borders around a cell, generously.
    private const int CellPadding = 4;

    /// <summary>Whether results are JSON.</summary>
    public bool IsJson => json;

    /// <summary>Prints one line of JSON.</summary>
    public void Json(JsonObject result) => io.Output.WriteLine(VisibleText.EscapeJson(result.ToJsonString(Readable)));

    /// <summary>Prints a line of text.</summary>
    public void Line(string text) => io.Output.WriteLine(VisibleText.Show(text));

    /// <summary>Prints a result: the object for programs, the line for people.</summary>
    public void Print(JsonObject result, string line)
    {
        if (json)
        {
            Json(result);
        }
        else
        {
            Line(line);
        }
    }

    /// <summary>Prints a sentence beside the result.</summary>
    public void Note(string text) => io.Say(text);

    /// <summary>Prints why a command failed: a sentence for people, and for programs the object with an <c>error</c>.</summary>
    /// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
    /// <param name="sentence">What is wrong.</param>
    /// <param name="result">The result so far; null if none.</param>
    /// <returns><paramref name="exitCode"/>.</returns>
    public int Fail(int exitCode, string sentence, JsonObject? result = null)
    {
        if (json)
        {
            result ??= [];
            result["error"] = new JsonObject { ["code"] = ExitCode.NameOf(exitCode), ["message"] = sentence };
            Json(result);
        }

        io.Say(sentence);
        return exitCode;
    }

    /// <summary>Prints rows under their headings; without a terminal as columns with tabs between them, one row a line.</summary>
    /// <param name="headings">One for each column.</param>
    /// <param name="rows">As many cells each.</param>
    public void Table(IReadOnlyList<string> headings, IReadOnlyList<string[]> rows)
    {
        string[][] shown = [.. rows.Select(row => Array.ConvertAll(row, VisibleText.Show))];
        if (!io.IsOutputTerminal)
        {
            foreach (var row in shown.Prepend([.. headings]))
            {
                io.Output.WriteLine(string.Join('\t', row));
            }

            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(Markup.Escape(heading)).NoWrap());
        }

        foreach (var row in shown)
        {
            table.AddRow(Array.ConvertAll(row, Markup.Escape));
        }

        // A terminal that is too narrow breaks lines itself; an id that is cut short would be useless.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(io.Output) });
        var widest = shown.Append([.. headings]).Aggregate(new int[headings.Count], Widen).Sum() + CellPadding;
        console.Profile.Width = Math.Max(console.Profile.Width, widest);
        console.Write(table);
    }

    private static int[] Widen(int[] widths, string[] row) =>
        [.. widths.Zip(row, (width, cell) => Math.Max(width, cell.Length + CellPadding))];
}

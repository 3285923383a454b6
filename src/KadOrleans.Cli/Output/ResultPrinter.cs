using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace KadOrleans.Cli;

/// <summary>Prints results: a JSON object for programs, a table for a person at a terminal, plain lines otherwise.</summary>
public sealed class ResultPrinter(CommandIo io, bool json)
{
    /// <summary>How a value is printed, for the help.</summary>
    public const string ValueNotes =
        "Text is printed unchanged to a file or pipe. On a terminal it is one line: control characters and line breaks are shown as "
        + "␛ and the like, other invisible characters as <U+202E>. Numbers, booleans and bytes in hexadecimal end with a newline.";

    // The output is not part of a web page, so text stays readable.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // More than any table has.
    private const int MaxWidth = 1 << 20;

    public void Json(JsonObject result) => io.Output.WriteLine(VisibleText.EscapeJson(result.ToJsonString(Readable)));

    public void Line(string text) => io.Output.WriteLine(VisibleText.Show(text));

    public int Print(JsonObject result, string line) => Print(result, () => Line(line));

    public int Print(JsonObject result, Action printText)
    {
        if (json)
        {
            Json(result);
        }
        else
        {
            printText();
        }

        return ExitCode.Done;
    }

    /// <summary>Prints the value that a <c>get</c> found, given as text. Raw bytes are as they are, and raw text unchanged on a terminal too.</summary>
    public void Value(string type, string text, bool raw)
    {
        if (type == "string" && !io.IsOutputTerminal)
        {
            // A file has the text's bytes and no others.
            io.OutputBytes.Write(Encoding.UTF8.GetBytes(text));
        }
        else if (type == "bytes" && raw)
        {
            io.OutputBytes.Write(Convert.FromHexString(text));
        }
        else
        {
            io.Output.WriteLine(type == "string" && !raw ? VisibleText.Show(text) : text);
        }

        io.OutputBytes.Flush();
        if (text.Length == 0)
        {
            // Nothing else tells it from no value.
            io.Say("The value is empty.");
        }
    }

    public void Say(string text) => io.Say(text);

    /// <summary>Prints why a command failed: a sentence for people, and for programs the object with an <c>error</c>.</summary>
    public int Fail(int exitCode, string sentence, JsonObject? result = null)
    {
        if (json)
        {
            result ??= [];
            result["error"] = new JsonObject { ["code"] = ExitCode.NameOf(exitCode), ["message"] = sentence };
            TryJson(result);
        }

        io.Say(sentence);
        return exitCode;
    }

    // The sentence follows, and the exit code says the same.
    private void TryJson(JsonObject result)
    {
        try
        {
            Json(result);
        }
        catch (OutputException)
        {
            // It may be what the sentence is about.
        }
    }

    /// <summary>Prints a result, and fails if there is a problem. As text both are printed.</summary>
    public int End(JsonObject result, Action printText, string? problem)
    {
        if (!json || problem is null)
        {
            Print(result, printText);
        }

        return problem is null ? ExitCode.Done : Fail(ExitCode.Failed, problem, result);
    }

    /// <summary>Prints rows under their headings; without a terminal as columns with tabs between them, one row a line.</summary>
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
        console.Profile.Width = MaxWidth;
        console.Write(table);
    }
}

internal sealed class Progress(CommandIo io, bool silent)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Does the work, and shows a text from two seconds on, renewed twice a second.</summary>
    public async Task<T> ShowAsync<T>(Func<string> describe, Func<Task<T>> work)
    {
        var task = work();
        if (silent || !io.IsErrorTerminal)
        {
            return await task;
        }

        using var done = new CancellationTokenSource();
        if (await Task.WhenAny(task, Task.Delay(Delay, done.Token)) != task)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(io.Error) });
            await console.Status().StartAsync(Markup.Escape(describe()), async status =>
            {
                while (await Task.WhenAny(task, Task.Delay(Interval, done.Token)) != task)
                {
                    status.Status(Markup.Escape(describe()));
                }
            });
        }

        await done.CancelAsync();
        return await task;
    }
}

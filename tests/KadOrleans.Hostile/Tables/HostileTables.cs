using System.Globalization;

namespace KadOrleans.Hostile;

/// <summary>Prints what each attack comes to, as tables.</summary>
public static class HostileTables
{
    private const string Usage = "[simulated|sockets] [--seed N] [--table NAME]: NAME is one of the simulated tables";

    /// <summary>Runs both kinds of attacks, or one of them, and returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        var which = args is ["simulated" or "sockets", ..] ? args[0] : null;
        var options = args.Skip(which is null ? 0 : 1).Chunk(2).ToList();
        if (options.Any(pair => pair is not ["--seed" or "--table", _]))
        {
            await error.WriteLineAsync(Usage);
            return 2;
        }

        string Of(string name, string otherwise) => options.LastOrDefault(pair => pair[0] == name)?[1] ?? otherwise;
        var rows = new RowList(output);
        if (which != "sockets")
        {
            var tables = new SimulatedRows(rows, int.Parse(Of("--seed", "1"), CultureInfo.InvariantCulture)).Tables;
            var wanted = tables.Where(table => Of("--table", table.Key) == table.Key).ToList();
            if (wanted.Count == 0)
            {
                await error.WriteLineAsync($"The tables are {string.Join(", ", tables.Select(table => table.Key))}.");
                return 2;
            }

            wanted.ForEach(table => table.Value());
        }

        if (which == "simulated")
        {
            return 0;
        }

        if (Sandbox.WhyNot() is { } obstacle)
        {
            await error.WriteLineAsync(obstacle);
            return 1;
        }

        await new SocketRows(rows).WriteAsync();
        return 0;
    }
}

/// <summary>Rows of a table, each a name and a figure, written as they come: as Markdown.</summary>
internal sealed class RowList(TextWriter output)
{
    public void Begin(string title)
    {
        output.WriteLine($"\n| {title} | figure |\n|---|---|");
        output.Flush();
    }

    public void Add(FormattableString name, FormattableString figure)
    {
        output.WriteLine($"| {name.ToString(CultureInfo.InvariantCulture)} | {figure.ToString(CultureInfo.InvariantCulture)} |");
        output.Flush();
    }
}

namespace KadOrleans.Lab;

/// <summary>Prints what each attack comes to, as tables.</summary>
internal static class HostileTables
{
    /// <summary>Runs both kinds of attacks, or one of them, and returns the exit code.</summary>
    public static async Task<int> RunAsync(CommandIo io, bool simulated, bool sockets, int seed, string? table)
    {
        var rows = new RowList(io.Output);
        if (simulated)
        {
            var tables = new SimulatedRows(rows, seed).Tables;
            var wanted = tables.Where(known => (table ?? known.Key) == known.Key).ToList();
            if (wanted.Count == 0)
            {
                throw CommandException.WrongUsage($"--table is '{table}'; the tables are {string.Join(", ", tables.Select(known => known.Key))}.");
            }

            wanted.ForEach(known => known.Value());
        }

        if (sockets)
        {
            if (Sandbox.WhyNot() is { } obstacle)
            {
                throw CommandException.Failed(obstacle);
            }

            await new SocketRows(rows).WriteAsync();
        }

        return ExitCode.Done;
    }
}

/// <summary>Rows of a table, each a name and what came of it, written as they come: as Markdown.</summary>
internal sealed class RowList(TextWriter output)
{
    public void Begin(string title) => output.WriteLine($"\n| {title} | result |\n|---|---|");

    public void Add(string name, object? result) => output.WriteLine($"| {name} | {result} |");
}

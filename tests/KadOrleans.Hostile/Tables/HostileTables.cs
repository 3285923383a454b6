using System.Globalization;
using KadOrleans.Hostile.Sockets;

namespace KadOrleans.Hostile.Tables;

/// <summary>Prints what each attack comes to, as tables; beside an earlier run's figures if they are given.</summary>
public static class HostileTables
{
    /// <summary>How it is called.</summary>
    public const string Usage =
        "[simulated|sockets] [--kad PATH] [--minutes N] [--seed N] [--table NAME] [--beside FILE]: PATH is another build's kad without its "
        + "extension, N minutes of mixed flood (default 10), NAME one of the simulated tables, FILE what an earlier run printed";

    /// <summary>Runs both kinds of attacks, or one of them, and returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var which = args is ["simulated" or "sockets", ..] ? args[0] : null;
        var options = args.Skip(which is null ? 0 : 1).Chunk(2).ToList();
        if (options.Any(pair => pair is not ["--kad" or "--minutes" or "--seed" or "--table" or "--beside", _]))
        {
            await error.WriteLineAsync(Usage);
            return 2;
        }

        string Of(string name, string otherwise) => options.LastOrDefault(pair => pair[0] == name)?[1] ?? otherwise;
        var earlier = Of("--beside", string.Empty) is { Length: > 0 } file ? RowList.Read(file) : new Dictionary<string, string>();
        var rows = new RowList(output, earlier);
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

        await new SocketRows(rows, Of("--kad", "kad"), double.Parse(Of("--minutes", "10"), CultureInfo.InvariantCulture)).WriteAsync();
        return 0;
    }
}

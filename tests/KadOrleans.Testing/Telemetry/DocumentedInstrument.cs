namespace KadOrleans.Testing.Telemetry;

/// <summary>A row of the table of docs/telemetry.md.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Counter, gauge, and so on.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Tags">The names of its tags.</param>
/// <param name="From">Which processes have it: node, edge, silo.</param>
/// <param name="Meaning">What it is, with the values of its tags.</param>
public sealed record DocumentedInstrument(
    string Name, string Kind, string Unit, IReadOnlyList<string> Tags, IReadOnlyList<string> From, string Meaning)
{
    /// <summary>All rows, in their order.</summary>
    public static IReadOnlyList<DocumentedInstrument> ReadAll() =>
    [
        .. File.ReadLines(Repository.Path("docs/telemetry.md"))
            .Where(line => line.StartsWith("| `kad.", StringComparison.Ordinal))
            .Select(Parse),
    ];

    private static DocumentedInstrument Parse(string row)
    {
        var cells = row.Trim('|').Split('|', StringSplitOptions.TrimEntries);
        return new DocumentedInstrument(cells[0].Trim('`'), cells[1], cells[2].Trim('`'), List(cells[3]), List(cells[4]), cells[5]);
    }

    private static string[] List(string cell) =>
        [.. cell.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Trim('`'))];
}

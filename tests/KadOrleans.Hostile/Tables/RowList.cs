using System.Globalization;

namespace KadOrleans.Hostile.Tables;

/// <summary>Rows of a table, each a name and a figure, written as they come: as Markdown, beside those of an earlier run.</summary>
internal sealed class RowList(TextWriter output, IReadOnlyDictionary<string, string> earlier)
{
    /// <summary>Between a name and its figure in a line.</summary>
    private const string Separator = " | ";

    /// <summary>Reads what an earlier run wrote.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var cells in File.ReadLines(path).Select(line => line.Trim('|', ' ').Split(Separator)).Where(cells => cells.Length >= 2))
        {
            rows[cells[0]] = cells[^1];
        }

        return rows;
    }

    /// <summary>Writes a heading.</summary>
    public void Begin(string title)
    {
        output.WriteLine();
        output.WriteLine(earlier.Count == 0 ? $"| {title}{Separator}figure |" : $"| {title}{Separator}before{Separator}now |");
        output.WriteLine(earlier.Count == 0 ? "|---|---|" : "|---|---|---|");
        output.Flush();
    }

    /// <summary>Writes a row.</summary>
    public void Add(FormattableString name, FormattableString figure)
    {
        var (row, now) = (name.ToString(CultureInfo.InvariantCulture), figure.ToString(CultureInfo.InvariantCulture));
        var before = earlier.Count == 0 ? string.Empty : $"{earlier.GetValueOrDefault(row, "–")}{Separator}";
        output.WriteLine($"| {row}{Separator}{before}{now} |");
        output.Flush();
    }
}

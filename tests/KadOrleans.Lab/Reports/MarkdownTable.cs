namespace KadOrleans.Lab;

/// <summary>Rows under their headings as Markdown.</summary>
internal static class MarkdownTable
{
    public static void Write(TextWriter output, IReadOnlyCollection<string> headings, IEnumerable<string[]> rows)
    {
        WriteRow(output, headings);
        output.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", headings.Count))}");
        foreach (var row in rows)
        {
            WriteRow(output, row);
        }
    }

    private static void WriteRow(TextWriter output, IEnumerable<string> cells) =>
        output.WriteLine($"|{string.Concat(cells.Select(cell => cell.Length == 0 ? " |" : $" {cell} |"))}");
}

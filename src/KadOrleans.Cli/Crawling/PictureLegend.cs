using System.Globalization;
using KadOrleans.Core.Crawling;

namespace KadOrleans.Cli.Crawling;

/// <summary>The figures beside a <see cref="KeySpacePicture"/>, and what its marks mean.</summary>
internal sealed class PictureLegend(CrawlSummary summary, bool isDots, int pieces)
{
    private const int Left = 644;
    private const int Right = 948;
    private const int RowHeight = 26;

    private int _y = 134;

    public void Write(TextWriter writer)
    {
        Head(writer, "Figures");
        Row(writer, "Nodes that answered", Text($"{summary.Nodes:N0}"));
        Row(writer, "Different ids", Text($"{summary.Ids:N0}"));
        Row(writer, "IP addresses", Text($"{summary.Addresses:N0}"));
        Row(writer, "Unreachable", Text($"{summary.Unreachable:N0} ({100 * summary.UnreachableShare:0.#} %)"));
        Row(writer, "Round trip, median", summary.RoundTrips is { } trip ? Text($"{trip.P50:0.#} ms") : "–");
        Row(writer, "Round trip, 90 % within", summary.RoundTrips is { } slow ? Text($"{slow.P90:0.#} ms") : "–");
        Row(writer, "Contacts per node, median", summary.Contacts is { } contacts ? Text($"{contacts.P50:N0}") : "–");
        Row(writer, "Spread of ids", Spread);
        _y += 24;
        Head(writer, "Legend");
        WriteKeys(writer);
    }

    private string Spread => summary.Balance switch
    {
        null => "too few to tell",
        { Probability: >= 0.01 } => "even",
        _ => "uneven",
    };

    private void WriteKeys(TextWriter writer)
    {
        if (isDots)
        {
            Key(writer, $"<circle class=\"dot\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"6\"/>", "a node that answered");
            Key(writer, $"<circle class=\"deaddot\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"5\"/>", "named by others, did not answer");
        }
        else
        {
            Key(writer, $"<rect class=\"node\" x=\"{Left + 3}\" y=\"{_y - 12}\" width=\"12\" height=\"14\"/>", Text($"nodes in 1/{pieces} of the space"));
            Key(writer, $"<rect class=\"dead\" x=\"{Left + 3}\" y=\"{_y - 12}\" width=\"12\" height=\"14\"/>", "named by others, did not answer");
            Key(writer, $"<path class=\"even\" d=\"M{Left} {_y - 5}h19\"/>", "nodes, if spread evenly");
        }

        Key(
            writer,
            Text($"<path class=\"twice\" d=\"M{Left + 9} {_y - 11}l6 6l-6 6l-6 -6Z\"/>"),
            Text($"one id at several addresses ({summary.DuplicateIds.Count:N0})"));
        Key(
            writer,
            $"<circle class=\"several\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"7.5\"/>",
            Text($"several ids for one address ({summary.SeveralIds.Count:N0})"));
    }

    private void Head(TextWriter writer, string text)
    {
        writer.WriteLine(Text($"<text x=\"{Left}\" y=\"{_y}\" class=\"head\">{text}</text>"));
        writer.WriteLine(Text($"<path class=\"line\" d=\"M{Left} {_y + 9}H{Right}\"/>"));
        _y += RowHeight + 8;
    }

    private void Row(TextWriter writer, string name, string value)
    {
        writer.WriteLine(Text(
            $"<text x=\"{Left}\" y=\"{_y}\" class=\"row\">{name}</text><text x=\"{Right}\" y=\"{_y}\" text-anchor=\"end\" class=\"value\">{value}</text>"));
        _y += RowHeight;
    }

    private void Key(TextWriter writer, string mark, string meaning)
    {
        writer.WriteLine(Text($"{mark}<text x=\"{Left + 30}\" y=\"{_y}\" class=\"row\">{meaning}</text>"));
        _y += RowHeight;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

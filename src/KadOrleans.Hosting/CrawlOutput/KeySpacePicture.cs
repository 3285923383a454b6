using static System.FormattableString;

namespace KadOrleans.Hosting;

// Draws a crawled network as a ring of all ids, in SVG without scripts, for light and dark surroundings. Up to 256 endpoints are drawn as
// one dot each. More are counted in 64 to 256 pieces of the space. So chance does not hide the shape, and the file stays below 100 kB.
public sealed class KeySpacePicture(IReadOnlyCollection<CrawlRecord> records, CrawlSummary summary, DateTimeOffset startedAt)
{
    private const int MostDots = 256;
    private const double Base = 172;
    private const double Highest = 74;
    private const double MarkRadius = Base - 14;
    private const int Left = 644;
    private const int Right = 948;
    private const int RowHeight = 26;

    private const string Style = """
        text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1b1f24}
        .page{fill:#fff}.title{font-size:22px;font-weight:600}.sub,.digit{font-size:13px;fill:#57606a}
        .row{font-size:14px}.value{font-size:14px;font-weight:600}.big{font-size:40px;font-weight:700}.head{font-size:15px;font-weight:600}
        .node{fill:#0969a8}.dead{fill:#e0790b}.dot{fill:#0969a8}.deaddot{fill:none;stroke:#e0790b;stroke-width:2}
        .twice{fill:#c4122f}.several{fill:none;stroke:#7a3db8;stroke-width:2}
        .line{fill:none;stroke:#c3cad3;stroke-width:1}.even{fill:none;stroke:#57606a;stroke-width:1.2;stroke-dasharray:5 4}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.sub,.digit{fill:#9da7b1}
        .node,.dot{fill:#4fb3e6}.dead{fill:#f0a04b}.deaddot{stroke:#f0a04b}.twice{fill:#ff6b7d}.several{stroke:#c39bff}
        .line{stroke:#3a424c}.even{stroke:#9da7b1}}
        """;

    private readonly List<(double Turn, bool IsReachable)> _places = [.. records
        .Where(r => r.IsReachable || r.State == CrawlState.Unreachable)
        .Where(r => r.Place is not null)
        .Select(r => (Ring.Turn(r.Place!.Value), r.IsReachable))
        .Order()];

    private int _y = 134;

    private bool IsDots => _places.Count <= MostDots;

    /// <summary>First bits of an id that choose its piece.</summary>
    private int Bits => _places.Count switch { < 1_500 => 6, < 6_000 => 7, _ => 8 };

    private int Pieces => 1 << Bits;

    public void Write(TextWriter writer)
    {
        writer.WriteLine("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 980 640\" role=\"img\">");
        writer.WriteLine($"<title>{Title}</title>");
        writer.WriteLine($"<style>{Style}</style>");
        writer.WriteLine("<rect class=\"page\" width=\"980\" height=\"640\" rx=\"8\"/>");
        writer.WriteLine($"<text x=\"32\" y=\"46\" class=\"title\">{Title}</text>");
        writer.WriteLine($"<text x=\"32\" y=\"70\" class=\"sub\">{Subtitle}</text>");
        WriteRing(writer);
        if (IsDots)
        {
            WriteDots(writer);
        }
        else
        {
            WriteBars(writer);
        }

        WriteMarks(writer);
        WriteLegend(writer);
        writer.WriteLine("</svg>");
    }

    private string Title => Invariant($"{summary.Nodes:N0} {(summary.Nodes == 1 ? "node" : "nodes")} in the key space");

    private string Subtitle =>
        Invariant($"Crawled {startedAt.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Clockwise from the top, by the first digit of their ids.")
        + (summary.Unfinished > 0 ? Invariant($" Stopped early: {summary.Unfinished:N0} not asked.") : string.Empty);

    private void WriteRing(TextWriter writer)
    {
        writer.WriteLine(Ring.Circle(Base, "line"));
        for (var digit = 0; digit < 16; digit++)
        {
            writer.WriteLine($"<path class=\"line\" d=\"{Ring.Spoke(digit / 16.0, Base - 6, Base)}\"/>");
            writer.WriteLine(Invariant(
                $"<text {Ring.Attributes((digit + 0.5) / 16, MarkRadius - 24)} dy=\"4.5\" text-anchor=\"middle\" class=\"digit\">{digit:x}</text>"));
        }

        writer.WriteLine(Ring.CentreText(4, "big", Invariant($"{summary.Nodes:N0}")));
        writer.WriteLine(Ring.CentreText(28, "sub", summary.Nodes == 1 ? "node answered" : "nodes answered"));
        writer.WriteLine(Ring.CentreText(50, "sub", Invariant($"{100 * summary.UnreachableShare:0.#} % unreachable")));
    }

    private void WriteDots(TextWriter writer)
    {
        var size = _places.Count switch { <= 16 => 8.0, <= 64 => 6.0, _ => 4.0 };
        var apart = ((2 * size) + 1) / (2 * Math.PI * (Base + 12));
        var levels = new List<double>();
        foreach (var (turn, isReachable) in _places)
        {
            var level = levels.FindIndex(last => turn - last >= apart);
            if (level < 0)
            {
                level = levels.Count;
                levels.Add(0);
            }

            levels[level] = turn;
            var radius = Math.Min(Base + 12 + (level * ((2 * size) + 1)), Base + Highest + 20);
            writer.WriteLine(Invariant(
                $"<circle class=\"{(isReachable ? "dot" : "deaddot")}\" {Ring.Attributes(turn, radius, "c")} r=\"{(isReachable ? size : size - 1)}\"/>"));
        }
    }

    private void WriteBars(TextWriter writer)
    {
        var (alive, dead) = (new int[Pieces], new int[Pieces]);
        foreach (var (turn, isReachable) in _places)
        {
            (isReachable ? alive : dead)[Math.Min(Pieces - 1, (int)(turn * Pieces))]++;
        }

        var scale = Highest / alive.Zip(dead, (a, d) => a + d).Max();
        for (var i = 0; i < Pieces; i++)
        {
            var (from, to) = ((i + 0.06) / Pieces, (i + 0.94) / Pieces);
            var middle = Base + 2 + (alive[i] * scale);
            if (alive[i] > 0)
            {
                writer.WriteLine($"<path class=\"node\" d=\"{Ring.Piece(from, to, Base + 2, middle)}\"/>");
            }

            if (dead[i] > 0)
            {
                writer.WriteLine($"<path class=\"dead\" d=\"{Ring.Piece(from, to, middle, middle + (dead[i] * scale))}\"/>");
            }
        }

        writer.WriteLine(Ring.Circle(Base + 2 + (scale * summary.Nodes / Pieces), "even"));
    }

    /// <summary>Inside of the ring, one mark of a kind for each piece of the space.</summary>
    private void WriteMarks(TextWriter writer)
    {
        foreach (var turn in InPieces(summary.DuplicateIds.Select(d => d.Id)))
        {
            writer.WriteLine($"<path class=\"twice\" d=\"{Ring.Rhombus(turn, MarkRadius, 6)}\"/>");
        }

        foreach (var turn in InPieces(summary.SeveralIds.Select(r => r.Id!.Value)))
        {
            writer.WriteLine($"<circle class=\"several\" {Ring.Attributes(turn, MarkRadius, "c")} r=\"7.5\"/>");
        }
    }

    private IEnumerable<double> InPieces(IEnumerable<NodeId> ids) => IsDots
        ? ids.Select(Ring.Turn)
        : ids.Select(id => id.FirstBits(Bits)).Distinct().Select(piece => (piece + 0.5) / Pieces);

    private void WriteLegend(TextWriter writer)
    {
        Head(writer, "Figures");
        Row(writer, "Nodes that answered", Invariant($"{summary.Nodes:N0}"));
        Row(writer, "Different ids", Invariant($"{summary.Ids:N0}"));
        Row(writer, "IP addresses", Invariant($"{summary.Addresses:N0}"));
        Row(writer, "Unreachable", Invariant($"{summary.Unreachable:N0} ({100 * summary.UnreachableShare:0.#} %)"));
        Row(writer, "Round trip, median", summary.RoundTrips is { } trip ? Invariant($"{trip.P50:0.#} ms") : "–");
        Row(writer, "Round trip, 90 % within", summary.RoundTrips is { } slow ? Invariant($"{slow.P90:0.#} ms") : "–");
        Row(writer, "Contacts per node, median", summary.Contacts is { } contacts ? Invariant($"{contacts.P50:N0}") : "–");
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
        if (IsDots)
        {
            Key(writer, $"<circle class=\"dot\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"6\"/>", "a node that answered");
            Key(writer, $"<circle class=\"deaddot\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"5\"/>", "named by others, did not answer");
        }
        else
        {
            Key(writer, $"<rect class=\"node\" x=\"{Left + 3}\" y=\"{_y - 12}\" width=\"12\" height=\"14\"/>", Invariant($"nodes in 1/{Pieces} of the space"));
            Key(writer, $"<rect class=\"dead\" x=\"{Left + 3}\" y=\"{_y - 12}\" width=\"12\" height=\"14\"/>", "named by others, did not answer");
            Key(writer, $"<path class=\"even\" d=\"M{Left} {_y - 5}h19\"/>", "nodes, if spread evenly");
        }

        Key(
            writer,
            Invariant($"<path class=\"twice\" d=\"M{Left + 9} {_y - 11}l6 6l-6 6l-6 -6Z\"/>"),
            Invariant($"one id at several addresses ({summary.DuplicateIdCount:N0})"));
        Key(
            writer,
            $"<circle class=\"several\" cx=\"{Left + 9}\" cy=\"{_y - 5}\" r=\"7.5\"/>",
            Invariant($"several ids for one address ({summary.SeveralIdsCount:N0})"));
    }

    private void Head(TextWriter writer, string text)
    {
        writer.WriteLine(Invariant($"<text x=\"{Left}\" y=\"{_y}\" class=\"head\">{text}</text>"));
        writer.WriteLine(Invariant($"<path class=\"line\" d=\"M{Left} {_y + 9}H{Right}\"/>"));
        _y += RowHeight + 8;
    }

    private void Row(TextWriter writer, string name, string value)
    {
        writer.WriteLine(Invariant(
            $"<text x=\"{Left}\" y=\"{_y}\" class=\"row\">{name}</text><text x=\"{Right}\" y=\"{_y}\" text-anchor=\"end\" class=\"value\">{value}</text>"));
        _y += RowHeight;
    }

    private void Key(TextWriter writer, string mark, string meaning)
    {
        writer.WriteLine(Invariant($"{mark}<text x=\"{Left + 30}\" y=\"{_y}\" class=\"row\">{meaning}</text>"));
        _y += RowHeight;
    }
}

internal static class Ring
{
    private const double CentreX = 312;
    private const double CentreY = 348;

    public static double Turn(NodeId id) => id.DistanceTo(NodeId.MinValue).ToFraction();

    public static string Point(double turn, double radius)
    {
        var (x, y) = At(turn, radius);
        return Invariant($"{x:0.#} {y:0.#}");
    }

    public static string Attributes(double turn, double radius, string prefix = "")
    {
        var (x, y) = At(turn, radius);
        return Invariant($"{prefix}x=\"{x:0.#}\" {prefix}y=\"{y:0.#}\"");
    }

    public static string Spoke(double turn, double from, double to) => $"M{Point(turn, from)}L{Point(turn, to)}";

    public static string Piece(double fromTurn, double toTurn, double inner, double outer) => Invariant(
        $"M{Point(fromTurn, inner)}A{inner:0.#} {inner:0.#} 0 0 1 {Point(toTurn, inner)}L{Point(toTurn, outer)}A{outer:0.#} {outer:0.#} 0 0 0 {Point(fromTurn, outer)}Z");

    public static string Rhombus(double turn, double radius, double size)
    {
        var (x, y) = At(turn, radius);
        return Invariant($"M{x:0.#} {y - size:0.#}l{size:0.#} {size:0.#}l{-size:0.#} {size:0.#}l{-size:0.#} {-size:0.#}Z");
    }

    public static string Circle(double radius, string style) =>
        Invariant($"<circle cx=\"{CentreX}\" cy=\"{CentreY}\" r=\"{radius:0.#}\" class=\"{style}\"/>");

    public static string CentreText(double down, string style, string text) =>
        Invariant($"<text x=\"{CentreX}\" y=\"{CentreY + down}\" text-anchor=\"middle\" class=\"{style}\">{text}</text>");

    private static (double X, double Y) At(double turn, double radius)
    {
        var (sine, cosine) = Math.SinCos(turn * 2 * Math.PI);
        return (CentreX + (radius * sine), CentreY - (radius * cosine));
    }
}

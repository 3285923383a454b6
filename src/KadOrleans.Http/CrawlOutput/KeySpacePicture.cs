using static System.FormattableString;

namespace KadOrleans.Http;

// Draws a crawled network as a ring of all ids, in SVG without scripts, for light and dark surroundings. Up to 256 endpoints are drawn as
// one dot each. More are counted in 64 to 256 pieces of the space. So chance does not hide the shape, and the file stays below 120 kB.
internal sealed class KeySpacePicture(IReadOnlyCollection<CrawlRecord> records, CrawlSummary summary, DateTimeOffset startedAt)
{
    private const int MostDots = 256;
    private const double Base = 172;
    private const double Highest = 74;
    private const double MarkRadius = Base - 14;
    private const int RowHeight = 26;

    private const string Style = """
        text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1b1f24}
        .page{fill:#fff}.title{font-size:22px;font-weight:600}.sub,.digit{font-size:13px;fill:#57606a}
        .row{font-size:14px}.value{font-size:14px;font-weight:600}.big{font-size:40px;font-weight:700}.head{font-size:15px;font-weight:600}
        .node{fill:none;stroke:#0969a8}.dead{fill:none;stroke:#e0790b}.dot{fill:#0969a8}.deaddot{fill:none;stroke:#e0790b;stroke-width:2}
        .twice{fill:#c4122f}.several{fill:none;stroke:#7a3db8;stroke-width:2}
        .line{fill:none;stroke:#c3cad3;stroke-width:1}.even{fill:none;stroke:#57606a;stroke-width:1.2;stroke-dasharray:5 4}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.sub,.digit{fill:#9da7b1}
        .dot{fill:#4fb3e6}.node{stroke:#4fb3e6}.dead,.deaddot{stroke:#f0a04b}.twice{fill:#ff6b7d}.several{stroke:#c39bff}
        .line{stroke:#3a424c}.even{stroke:#9da7b1}}
        """;

    // Where on the ring, from 0 to 1, clockwise from the top.
    private readonly List<(double Turn, bool IsReachable)> _places = [.. records
        .Where(r => r.IsReachable || r.State == CrawlState.Unreachable)
        .Where(r => r.Place is not null)
        .Select(r => (TurnOf(r.Place!.Value), r.IsReachable))
        .Order()];

    private int _y = 134;

    private bool IsDots => _places.Count <= MostDots;

    /// <summary>First bits of an id that choose its piece.</summary>
    private int Bits => _places.Count switch { < 1_500 => 6, < 6_000 => 7, _ => 8 };

    private int Pieces => 1 << Bits;

    private string Title => Invariant($"{summary.Nodes:N0} {(summary.Nodes == 1 ? "node" : "nodes")} in the key space");

    private string Subtitle =>
        Invariant($"Crawled {startedAt.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Clockwise from the top, by the first digit of their ids.")
        + (summary.Unfinished > 0 ? Invariant($" Stopped early: {summary.Unfinished:N0} not asked.") : string.Empty);

    public void Write(TextWriter writer)
    {
        writer.WriteLine($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 980 640" role="img">
            <title>{Title}</title>
            <style>{Style}</style>
            <rect class="page" width="980" height="640" rx="8"/>
            <text x="32" y="46" class="title">{Title}</text>
            <text x="32" y="70" class="sub">{Subtitle}</text>
            <g transform="translate(312 348)">
            """);
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
        writer.WriteLine("</g>");
        WriteLegend(writer);
        writer.WriteLine("</svg>");
    }

    private static double TurnOf(NodeId id) => id.DistanceTo(NodeId.MinValue).ToFraction();

    /// <summary>The attribute that takes an upright element from the centre to its place.</summary>
    private static string At(double turn, double radius) =>
        Invariant($"transform=\"rotate({360 * turn:0.##}) translate(0 {-radius:0.#}) rotate({-360 * turn:0.##})\"");

    private void WriteRing(TextWriter writer)
    {
        writer.WriteLine(Invariant($"<circle class=\"line\" r=\"{Base}\"/>"));
        for (var digit = 0; digit < 16; digit++)
        {
            writer.WriteLine(Invariant($"<path class=\"line\" transform=\"rotate({22.5 * digit})\" d=\"M0 {-Base}v6\"/>"));
            writer.WriteLine($"<text {At((digit + 0.5) / 16, MarkRadius - 24)} dy=\"4.5\" text-anchor=\"middle\" class=\"digit\">{digit:x}</text>");
        }

        writer.WriteLine(Invariant($"""
            <text y="4" text-anchor="middle" class="big">{summary.Nodes:N0}</text>
            <text y="28" text-anchor="middle" class="sub">{(summary.Nodes == 1 ? "node answered" : "nodes answered")}</text>
            <text y="50" text-anchor="middle" class="sub">{100 * summary.UnreachableShare:0.#} % unreachable</text>
            """));
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
            var (style, r) = isReachable ? ("dot", size) : ("deaddot", size - 1);
            writer.WriteLine(Invariant($"<circle class=\"{style}\" {At(turn, radius)} r=\"{r}\"/>"));
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
            var middle = Base + 2 + (alive[i] * scale);
            WriteBar("node", i, Base + 2, middle);
            WriteBar("dead", i, middle, middle + (dead[i] * scale));
        }

        writer.WriteLine(Invariant($"<circle class=\"even\" r=\"{Base + 2 + (scale * summary.Nodes / Pieces):0.#}\"/>"));

        // An arc is a dash of a circle, which begins at the right.
        void WriteBar(string style, int piece, double inner, double outer)
        {
            var (radius, circumference) = ((inner + outer) / 2, Math.PI * (inner + outer));
            if (outer > inner)
            {
                writer.WriteLine(Invariant(
                    $"<circle class=\"{style}\" transform=\"rotate({(360 * (piece + 0.06) / Pieces) - 90:0.##})\" r=\"{radius:0.##}\"")
                    + Invariant($" stroke-width=\"{outer - inner:0.##}\" stroke-dasharray=\"{0.88 * circumference / Pieces:0.##} {circumference:0}\"/>"));
            }
        }
    }

    /// <summary>Inside of the ring, one mark of a kind for each piece of the space.</summary>
    private void WriteMarks(TextWriter writer)
    {
        foreach (var turn in InPieces(summary.DuplicateIds.Select(d => d.Id)))
        {
            writer.WriteLine($"<path class=\"twice\" {At(turn, MarkRadius)} d=\"M0 -6l6 6l-6 6l-6 -6Z\"/>");
        }

        foreach (var turn in InPieces(summary.SeveralIds.Select(r => r.Id!.Value)))
        {
            writer.WriteLine($"<circle class=\"several\" {At(turn, MarkRadius)} r=\"7.5\"/>");
        }
    }

    private IEnumerable<double> InPieces(IEnumerable<NodeId> ids) => IsDots
        ? ids.Select(TurnOf)
        : ids.Select(id => id.FirstBits(Bits)).Distinct().Select(piece => (piece + 0.5) / Pieces);

    private void WriteLegend(TextWriter writer)
    {
        Head("Figures");
        Row("Nodes that answered", Invariant($"{summary.Nodes:N0}"));
        Row("Different ids", Invariant($"{summary.Ids:N0}"));
        Row("IP addresses", Invariant($"{summary.Addresses:N0}"));
        Row("Unreachable", Invariant($"{summary.Unreachable:N0} ({100 * summary.UnreachableShare:0.#} %)"));
        Row("Round trip, median", summary.RoundTrips is { } trip ? Invariant($"{trip.P50:0.#} ms") : "–");
        Row("Round trip, 90 % within", summary.RoundTrips is { } slow ? Invariant($"{slow.P90:0.#} ms") : "–");
        Row("Contacts per node, median", summary.Contacts is { } contacts ? Invariant($"{contacts.P50:N0}") : "–");
        Row("Spread of ids", CrawlSummaryText.VerdictOf(summary.Balance) ?? "too few to tell");
        _y += 24;
        Head("Legend");
        if (IsDots)
        {
            Key("""<circle class="dot" cx="9" cy="-5" r="6"/>""", "a node that answered");
            Key("""<circle class="deaddot" cx="9" cy="-5" r="5"/>""", "named by others, did not answer");
        }
        else
        {
            Key("""<path class="node" stroke-width="12" d="M9 -12v14"/>""", Invariant($"nodes in 1/{Pieces} of the space"));
            Key("""<path class="dead" stroke-width="12" d="M9 -12v14"/>""", "named by others, did not answer");
            Key("""<path class="even" d="M0 -5h19"/>""", "nodes, if spread evenly");
        }

        Key("""<path class="twice" d="M9 -11l6 6l-6 6l-6 -6Z"/>""", Invariant($"one id at several addresses ({summary.DuplicateIdCount:N0})"));
        Key("""<circle class="several" cx="9" cy="-5" r="7.5"/>""", Invariant($"several ids for one address ({summary.SeveralIdsCount:N0})"));

        void Head(string text) => Line($"<text class=\"head\">{text}</text><path class=\"line\" d=\"M0 9H304\"/>", RowHeight + 8);

        void Row(string name, string value) =>
            Line($"<text class=\"row\">{name}</text><text x=\"304\" text-anchor=\"end\" class=\"value\">{value}</text>", RowHeight);

        void Key(string mark, string meaning) => Line($"{mark}<text x=\"30\" class=\"row\">{meaning}</text>", RowHeight);

        void Line(string content, int height)
        {
            writer.WriteLine($"<g transform=\"translate(644 {_y})\">{content}</g>");
            _y += height;
        }
    }
}

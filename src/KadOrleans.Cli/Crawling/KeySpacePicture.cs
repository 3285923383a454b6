using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Crawling;

namespace KadOrleans.Cli.Crawling;

/// <summary>
/// Draws a crawled network as a ring of all ids, in SVG without scripts, for light and dark surroundings. Up to 256
/// endpoints are drawn as one dot each; more are counted in 64 to 256 pieces of the space, so that chance does not hide the
/// shape and the file stays below 100 kB.
/// </summary>
internal sealed class KeySpacePicture(IReadOnlyCollection<CrawlRecord> records, CrawlSummary summary, DateTimeOffset startedAt)
{
    private const int MostDots = 256;
    private const double Base = 172;
    private const double Highest = 74;
    private const double MarkRadius = Base - 14;

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
        .Select(r => (Id: r.Id ?? (r.ClaimedIds.Count > 0 ? r.ClaimedIds[0] : (NodeId?)null), r.IsReachable))
        .Where(p => p.Id is not null)
        .Select(p => (Ring.Turn(p.Id!.Value), p.IsReachable))
        .Order()];

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
        new PictureLegend(summary, IsDots, Pieces).Write(writer);
        writer.WriteLine("</svg>");
    }

    private string Title => Text($"{summary.Nodes:N0} {(summary.Nodes == 1 ? "node" : "nodes")} in the key space");

    private string Subtitle =>
        Text($"Crawled {startedAt.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Clockwise from the top, by the first digit of their ids.")
        + (summary.Unfinished > 0 ? Text($" Stopped early: {summary.Unfinished:N0} not asked.") : string.Empty);

    private void WriteRing(TextWriter writer)
    {
        writer.WriteLine(Ring.Circle(Base, "line"));
        for (var digit = 0; digit < 16; digit++)
        {
            writer.WriteLine($"<path class=\"line\" d=\"{Ring.Spoke(digit / 16.0, Base - 6, Base)}\"/>");
            writer.WriteLine(Text(
                $"<text {Ring.Attributes((digit + 0.5) / 16, MarkRadius - 24)} dy=\"4.5\" text-anchor=\"middle\" class=\"digit\">{digit:x}</text>"));
        }

        writer.WriteLine(Ring.CentreText(4, "big", Text($"{summary.Nodes:N0}")));
        writer.WriteLine(Ring.CentreText(28, "sub", summary.Nodes == 1 ? "node answered" : "nodes answered"));
        writer.WriteLine(Ring.CentreText(50, "sub", Text($"{100 * summary.UnreachableShare:0.#} % unreachable")));
    }

    /// <summary>One dot each; those that would touch are piled outwards.</summary>
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
            writer.WriteLine(Text(
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
        : ids.Select(id => PrefixBalance.PrefixOf(id, Bits)).Distinct().Select(piece => (piece + 0.5) / Pieces);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

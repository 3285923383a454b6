using System.Text;

namespace KadOrleans.Lab;

/// <summary>Which share of FIND_VALUE and STORE was answered in each second, as SVG that light and dark backgrounds both suit.</summary>
public static class CurvePicture
{
    private const int Width = 1_000;
    private const int Height = 320;
    private const int Left = 50;
    private const int Right = 10;
    private const int Top = 40;
    private const int Bottom = 30;
    private const string Grey = "#848d97";

    private static readonly (CallKind Kind, string Colour)[] Lines = [(CallKind.FindValue, "#2f81f7"), (CallKind.Store, "#db6d28")];

    public static string Draw(SecondCounts counts, IReadOnlyList<CurveMark> marks, string title)
    {
        var seconds = Math.Max(2, counts.Seconds - 1);
        var svg = new StringBuilder();
        svg.AppendLine($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"{Grey}\">");
        svg.AppendLine($"<text x=\"{Left}\" y=\"14\">{title}</text>");
        Grid(svg, seconds);
        foreach (var mark in marks)
        {
            Mark(svg, mark, seconds);
        }

        for (var i = 0; i < Lines.Length; i++)
        {
            var (kind, colour) = Lines[i];
            Curve(svg, counts, kind, colour, seconds);
            svg.AppendLine($"<text x=\"{Width - Right - 180 + (100 * i)}\" y=\"14\" fill=\"{colour}\">{CallKinds.NameOf(kind)}</text>");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Grid(StringBuilder svg, int seconds)
    {
        foreach (var share in (double[])[0, 0.25, 0.5, 0.75, 1])
        {
            svg.AppendLine($"<path d=\"M{Left} {Y(share):F1}H{Width - Right}\" stroke=\"{Grey}\" stroke-opacity=\"0.3\"/>");
            svg.AppendLine($"<text x=\"{Left - 6}\" y=\"{Y(share) + 4:F1}\" text-anchor=\"end\">{100 * share:F0} %</text>");
        }

        var step = seconds > 240 ? 60 : 30;
        for (var second = 0; second <= seconds; second += step)
        {
            svg.AppendLine($"<text x=\"{X(second, seconds):F1}\" y=\"{Height - 10}\" text-anchor=\"middle\">{second} s</text>");
        }
    }

    private static void Mark(StringBuilder svg, CurveMark mark, int seconds)
    {
        var x = X(mark.Second, seconds);
        var dashes = mark.IsLoss ? string.Empty : " stroke-dasharray=\"3 3\"";
        svg.AppendLine($"<path d=\"M{x:F1} {Top - 6}V{Height - Bottom}\" stroke=\"{Grey}\"{dashes}/>");
        var (end, anchor) = mark.IsLoss ? (x - 3, "end") : (x + 3, "start");
        svg.AppendLine($"<text x=\"{end:F1}\" y=\"{Top - 8}\" font-size=\"11\" text-anchor=\"{anchor}\">{mark.Text}</text>");
    }

    private static void Curve(StringBuilder svg, SecondCounts counts, CallKind kind, string colour, int seconds)
    {
        var points = Enumerable.Range(0, seconds).Select(second =>
            $"{X(second + 0.5, seconds):F1},{Y(counts.Of(second, kind).Share):F1}");
        svg.AppendLine($"<polyline points=\"{string.Join(' ', points)}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>");
    }

    private static double X(double second, int seconds) => Left + ((Width - Left - Right) * second / seconds);

    private static double Y(double share) => Top + ((Height - Top - Bottom) * (1 - share));
}

/// <summary>Something that happened in a second of a curve: something went away, or came back.</summary>
public readonly record struct CurveMark(double Second, string Text, bool IsLoss);

using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Cli.Crawling;

/// <summary>The id space as a circle, lowest id on top, clockwise: from ids and radii to coordinates.</summary>
internal static class Ring
{
    private const double CentreX = 312;
    private const double CentreY = 348;

    /// <summary>Where on the circle an id is, 0 to 1.</summary>
    public static double Turn(NodeId id) => id.DistanceTo(NodeId.MinValue).ToFraction();

    /// <summary>A point as <c>x y</c>.</summary>
    public static string Point(double turn, double radius)
    {
        var (x, y) = At(turn, radius);
        return Text($"{x:0.#} {y:0.#}");
    }

    /// <summary>A point as attributes, each name behind a prefix such as <c>c</c> for a circle.</summary>
    public static string Attributes(double turn, double radius, string prefix = "")
    {
        var (x, y) = At(turn, radius);
        return Text($"{prefix}x=\"{x:0.#}\" {prefix}y=\"{y:0.#}\"");
    }

    /// <summary>A line across the ring as path data.</summary>
    public static string Spoke(double turn, double from, double to) => $"M{Point(turn, from)}L{Point(turn, to)}";

    /// <summary>A piece of the ring as path data.</summary>
    public static string Piece(double fromTurn, double toTurn, double inner, double outer) => string.Create(
        CultureInfo.InvariantCulture,
        $"M{Point(fromTurn, inner)}A{inner:0.#} {inner:0.#} 0 0 1 {Point(toTurn, inner)}L{Point(toTurn, outer)}A{outer:0.#} {outer:0.#} 0 0 0 {Point(fromTurn, outer)}Z");

    /// <summary>A small rhombus as path data.</summary>
    public static string Rhombus(double turn, double radius, double size)
    {
        var (x, y) = At(turn, radius);
        return Text($"M{x:0.#} {y - size:0.#}l{size:0.#} {size:0.#}l{-size:0.#} {size:0.#}l{-size:0.#} {-size:0.#}Z");
    }

    /// <summary>A circle around the centre.</summary>
    public static string Circle(double radius, string style) =>
        Text($"<circle cx=\"{CentreX}\" cy=\"{CentreY}\" r=\"{radius:0.#}\" class=\"{style}\"/>");

    /// <summary>A line of text in the middle.</summary>
    public static string CentreText(double down, string style, string text) =>
        Text($"<text x=\"{CentreX}\" y=\"{CentreY + down}\" text-anchor=\"middle\" class=\"{style}\">{text}</text>");

    private static (double X, double Y) At(double turn, double radius)
    {
        var (sine, cosine) = Math.SinCos(turn * 2 * Math.PI);
        return (CentreX + (radius * sine), CentreY - (radius * cosine));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

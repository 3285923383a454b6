namespace KadOrleans.Lab;

/// <summary>What became of a network that was cut. The same settings give the same report.</summary>
/// <param name="Settings">What was simulated.</param>
/// <param name="Minutes">Lookups in each minute after the cut's end, and last those that are judged.</param>
/// <param name="Found">Of the values set in one part during the cut, the share that a node of the other part finds.</param>
/// <param name="Later">Of the keys that both parts set, the share of gets that give the value set later.</param>
/// <param name="Earlier">Of these keys, the share of gets that give the value set earlier.</param>
/// <param name="DatagramsBefore">Datagrams per node and hour before the cut.</param>
/// <param name="DatagramsDuring">Datagrams per node and hour during the cut.</param>
/// <param name="DatagramsAfter">Datagrams per node and hour from the cut's end on.</param>
/// <param name="Hours">Each hour of the cut.</param>
public sealed record CutReport(
    CutSettings Settings,
    IReadOnlyList<CutLookups> Minutes,
    double Found,
    double Later,
    double Earlier,
    double DatagramsBefore,
    double DatagramsDuring,
    double DatagramsAfter,
    IReadOnlyList<CutHour> Hours)
{
    public CutLookups Last => Minutes[^1];
}

/// <summary>An hour of a cut: datagrams per node, and pings of former contacts and bootstrap nodes among them, each with a retry if nobody answers.</summary>
public readonly record struct CutHour(double Datagrams, double Asked);

/// <summary>Shares of lookups that found the nearest node, and exactly the k nearest.</summary>
public readonly record struct CutLookups(double Success, double Exact);

namespace KadOrleans.Core.Maintenance;

/// <summary>Decides how fast due values go out: the more are due, the faster, so that the interval is kept.</summary>
internal static class RepublishPace
{
    /// <summary>Values per second, however few are due: 72,000 an hour. With a lower rate the last ones of a check would take long.</summary>
    public const double Least = 20;

    /// <summary>
    /// In this time as many values go out as are due now. If it is longer, values wait longer beyond their hour. If it is shorter, a
    /// bulk of values goes out in bursts.
    /// </summary>
    public static readonly TimeSpan Drain = TimeSpan.FromMinutes(1);

    public static double GetRate(long due, double most) => Math.Min(Math.Max(due / Drain.TotalSeconds, Least), most);
}

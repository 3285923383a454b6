using System.Diagnostics;
using KadOrleans.Cli;

namespace KadOrleans.Lab.Reports;

/// <summary>Says every two seconds how far something is.</summary>
internal sealed class ProgressLines(CommandIo io)
{
    private long _saidAt = Stopwatch.GetTimestamp();

    /// <summary>Between lines.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether it has said anything.</summary>
    public bool HasSpoken { get; private set; }

    /// <summary>Says it if it is time.</summary>
    public void Say(FormattableString text)
    {
        if (Stopwatch.GetElapsedTime(_saidAt) >= Interval)
        {
            _saidAt = Stopwatch.GetTimestamp();
            HasSpoken = true;
            io.Error.WriteLine(FormattableString.Invariant(text));
        }
    }
}

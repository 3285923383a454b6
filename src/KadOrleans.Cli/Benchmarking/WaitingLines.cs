using System.Diagnostics;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>Says every two seconds how far something is.</summary>
internal sealed class WaitingLines(CommandIo io)
{
    private long _saidAt = Stopwatch.GetTimestamp();

    /// <summary>Between lines.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Says it if it is time.</summary>
    public void Say(FormattableString text)
    {
        if (Stopwatch.GetElapsedTime(_saidAt) >= Interval)
        {
            _saidAt = Stopwatch.GetTimestamp();
            io.Error.WriteLine(FormattableString.Invariant(text));
        }
    }
}

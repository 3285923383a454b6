namespace KadOrleans.Lab;

/// <summary>Says every two seconds how far something is.</summary>
internal sealed class ProgressLines(CommandIo io)
{
    private long _saidAt = Stopwatch.GetTimestamp();

    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    public bool HasSpoken { get; private set; }

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

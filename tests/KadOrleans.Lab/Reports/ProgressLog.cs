namespace KadOrleans.Lab;

/// <summary>Lines that say how far a run is, each with the seconds since its start.</summary>
public sealed class ProgressLog(TextWriter output)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    // Guards the output.
    private readonly Lock _gate = new();

    public void Tell(string line)
    {
        lock (_gate)
        {
            output.WriteLine($"{Stopwatch.GetElapsedTime(_start).TotalSeconds,7:F1} s  {line}");
        }
    }
}

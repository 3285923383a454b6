using System.Diagnostics;
using System.Globalization;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Cli.Simulation;

/// <summary>Says every two seconds how far a simulation is, and at the end how fast it was.</summary>
internal sealed class SimulationProgressLines(TextWriter error) : IProgress<SimulationProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private long _shownAt = Stopwatch.GetTimestamp();
    private bool _hasShown;
    private SimulationProgress _last;

    public void Report(SimulationProgress value)
    {
        _last = value;
        if (Stopwatch.GetElapsedTime(_shownAt) < Interval)
        {
            return;
        }

        _shownAt = Stopwatch.GetTimestamp();
        _hasShown = true;
        error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{value.Done} of {value.Total} {value.Phase}, {value.Simulated:d\\.hh\\:mm\\:ss} simulated, {value.Requests} requests"));
    }

    /// <summary>Says how fast it was, if it took long enough to say anything.</summary>
    public void Summarize(TimeSpan elapsed)
    {
        if (_hasShown)
        {
            error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Done in {elapsed.TotalSeconds:0.0} s: {_last.Requests} requests, {_last.Requests / elapsed.TotalSeconds:0} per second, {Environment.WorkingSet >> 20} MiB."));
        }
    }
}

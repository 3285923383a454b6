namespace KadOrleans.Core;

// What to add to a clock to get the cluster's time; zero while they agree to a second. Following each comparison would reorder
// values that were stored at nearly the same time. Safe for several threads.
internal sealed class ClusterCorrection
{
    private static readonly TimeSpan Agreement = TimeSpan.FromSeconds(1);

    private long _value;

    public TimeSpan Value => new(Interlocked.Read(ref _value));

    /// <summary>Returns by how much the correction grew; zero if it stays.</summary>
    public TimeSpan Apply(ClockComparison cluster)
    {
        var step = cluster.Difference - Value;
        if (step.Duration() - cluster.Uncertainty <= Agreement)
        {
            return TimeSpan.Zero;
        }

        Interlocked.Exchange(ref _value, cluster.Difference.Ticks);
        return step;
    }
}

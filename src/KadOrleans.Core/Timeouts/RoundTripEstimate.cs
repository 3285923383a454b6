namespace KadOrleans.Core.Timeouts;

/// <summary>An endpoint's round-trip time: smoothed mean and deviation, as TCP keeps them (RFC 6298).</summary>
internal readonly record struct RoundTripEstimate(TimeSpan Mean, TimeSpan Deviation)
{
    /// <summary>The shortest timeout. Below it, a pause of the peer's garbage collector would look like a loss.</summary>
    public static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest timeout. The network's nodes time out after 5 s, so a longer wait gains nothing.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan InitialTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The shortest timeout of a retry: with the first one a contact fails after half a second without a response.</summary>
    public static readonly TimeSpan MinRetryTimeout = TimeSpan.FromMilliseconds(400);

    public TimeSpan Timeout => this == default
        ? InitialTimeout
        : Clamp(Mean + (4 * Deviation), MinTimeout);

    public TimeSpan RetryTimeout => Clamp(2 * Timeout, MinRetryTimeout);

    public RoundTripEstimate With(TimeSpan sample)
    {
        if (this == default)
        {
            return new RoundTripEstimate(sample, sample / 2);
        }

        var error = sample - Mean;
        return new RoundTripEstimate(Mean + (error / 8), Deviation + ((error.Duration() - Deviation) / 4));
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least) => value < least ? least : value > MaxTimeout ? MaxTimeout : value;
}

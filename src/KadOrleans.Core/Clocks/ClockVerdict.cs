namespace KadOrleans.Core.Clocks;

/// <summary>What a comparison of the clocks found.</summary>
public abstract record ClockVerdict
{
    private ClockVerdict()
    {
    }

    /// <summary>Nothing has changed.</summary>
    public static ClockVerdict Nothing { get; } = new Unchanged();

    /// <summary>Nothing has changed.</summary>
    public sealed record Unchanged : ClockVerdict;

    /// <summary>The wall clock jumped.</summary>
    /// <param name="By">How far; negative if it was set back.</param>
    public sealed record Parted(TimeSpan By) : ClockVerdict;

    /// <summary>The clocks have parted and then agreed for <see cref="ClockJudge.SettlingTime"/>.</summary>
    /// <param name="Correction">What becomes of times that were noted meanwhile.</param>
    public sealed record Agreed(ClockCorrection Correction) : ClockVerdict;
}

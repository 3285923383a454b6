using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

/// <summary>What may be kept for its owner, and until when (ADR 46).</summary>
internal static class KeepRules
{
    /// <summary>Ten years: who wants it longer keeps it again.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    /// <summary>The time until which an item is kept, in whole seconds.</summary>
    /// <exception cref="ArgumentException">The value is no signed item.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is not after now, or too far ahead.</exception>
    public static DateTimeOffset FindEnd(DhtValue item, DateTimeOffset until, DateTimeOffset now)
    {
        StoreRules.ThrowIfRefused(item);
        if (!ItemEnvelope.IsItemLike(item))
        {
            throw new ArgumentException("The value is not a signed item; only signed items can be kept for their owners.", nameof(item));
        }

        return FindProblem(until, now) is { } problem ? throw new ArgumentOutOfRangeException(nameof(until), problem) : WholeSecond(until);
    }

    /// <summary>What is wrong with a value that is said to be kept, as the end of a sentence; null if nothing is.</summary>
    public static string? FindProblem(StoredValue kept) =>
        !ItemEnvelope.IsItemLike(kept.Value) ? "is kept for its owner, and is no signed item"
        : kept.ExpiresAt - kept.StoredAt > Longest
        ? string.Create(CultureInfo.InvariantCulture, $"is kept until {kept.ExpiresAt.UtcDateTime:u}, more than {Longest.Days} days after it was stored")
        : null;

    /// <summary>What is wrong with a time until which an item is to be kept, in one sentence; null if nothing is.</summary>
    public static string? FindProblem(DateTimeOffset until, DateTimeOffset now) => WholeSecond(until) > now && WholeSecond(until) - now <= Longest
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"The item is to be kept until {until.UtcDateTime:u}; a time after now, {now.UtcDateTime:u}, "
            + $"and at most {Longest.Days} days ahead is allowed.");

    /// <summary>The time as it counts: its whole second, in UTC.</summary>
    public static DateTimeOffset WholeSecond(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}

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

        var end = new DateTimeOffset(until.UtcTicks - (until.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        return end > now && end - now <= Longest
            ? end
            : throw new ArgumentOutOfRangeException(
                nameof(until),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The item is to be kept until {until.UtcDateTime:u}; a time after now, {now.UtcDateTime:u}, "
                    + $"and at most {Longest.Days} days ahead is allowed."));
    }
}

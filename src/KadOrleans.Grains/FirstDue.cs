using KadOrleans.Core;

namespace KadOrleans.Grains;

/// <summary>
/// When a reminder comes first: after a random part of its period, a minute at least, so that what was set at once does not work at
/// once for ever.
/// </summary>
internal static class FirstDue
{
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(1);

    public static TimeSpan Draw(IRandomSource random, TimeSpan period)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        random.Fill(bytes);
        return Least + ((period - Least) * (BitConverter.ToUInt16(bytes) / (double)ushort.MaxValue));
    }
}

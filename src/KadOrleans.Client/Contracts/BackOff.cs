namespace KadOrleans.Client;

/// <summary>Pauses that double up to a longest one. Not safe for several threads.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    public TimeSpan Coming { get; private set; } = first;

    public TimeSpan Next()
    {
        var pause = Coming;
        Coming = pause * 2 < longest ? pause * 2 : longest;
        return pause;
    }
}

namespace KadOrleans.Shards;

/// <summary>
/// Bytes of memory that may be in use at once: those of a part, within those of a whole. Nobody waits for them, as what waits would need memory as
/// well. Safe for several threads.
/// </summary>
/// <param name="most">The most bytes in use.</param>
/// <param name="whole">The budget that this one is a part of; what is taken here is taken there as well.</param>
internal sealed class ByteBudget(long most, ByteBudget? whole = null)
{
    private long _used;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>Takes so many bytes, to be given back. False, and nothing is taken, if fewer are left here or in the whole.</summary>
    public bool TryTake(long bytes)
    {
        // Added where they fit alone: what is refused would else be missing for others until it is taken back.
        for (var used = Used; bytes <= most - used;)
        {
            var found = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (found == used)
            {
                return TryTakeOfWhole(bytes);
            }

            used = found;
        }

        return false;
    }

    public void Give(long bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        whole?.Give(bytes);
    }

    private bool TryTakeOfWhole(long bytes)
    {
        if (whole?.TryTake(bytes) != false)
        {
            return true;
        }

        Interlocked.Add(ref _used, -bytes);
        return false;
    }
}

namespace KadOrleans.Core.Admission;

// Gives write tokens to sources, and knows them again: a keyed hash of the source's network and an epoch. Nothing is kept of a token, so
// asking for many costs no memory. Its lowest four bits say which epoch to check, so a check costs one hash. Time is what has passed
// since the key was drawn. Safe for several threads.
internal sealed class WriteTokens(KeyedHash hash)
{
    /// <summary>A token is valid in its epoch and the next, so 5 to 10 minutes. It is known as expired for 14 epochs more.</summary>
    public static readonly TimeSpan Epoch = TimeSpan.FromMinutes(5);

    private const int EpochBits = 4;
    private const ulong EpochMask = (1 << EpochBits) - 1;

    public WriteToken Issue(SourceNetwork source, TimeSpan elapsed) => Create(source, EpochAt(elapsed));

    public TokenCheck Check(WriteToken token, SourceNetwork source, TimeSpan elapsed)
    {
        var epoch = EpochAt(elapsed);
        var age = (epoch - token.Bits) & EpochMask;
        return age > epoch || token != Create(source, epoch - age) ? TokenCheck.None
            : age <= 1 ? TokenCheck.Valid
            : TokenCheck.Expired;
    }

    private static ulong EpochAt(TimeSpan elapsed) => (ulong)(elapsed.Ticks / Epoch.Ticks);

    private WriteToken Create(SourceNetwork source, ulong epoch)
    {
        var address = source.Address;
        return new WriteToken((hash.Compute(epoch, address.High, address.Low) & ~EpochMask) | (epoch & EpochMask));
    }
}

/// <summary>What a token says of the source that shows it.</summary>
internal enum TokenCheck
{
    /// <summary>Nothing: there is none, or it is another source's, another node's, or of the run before.</summary>
    None,

    /// <summary>The source was given it by this process, but not in the last minutes. Others may have its address by now.</summary>
    Expired,

    /// <summary>The source owns its address, or sees what is sent there.</summary>
    Valid,
}

namespace KadOrleans.Node;

/// <summary>
/// The write tokens that others gave this node, by endpoint, and which endpoints give none. It learns from answers to requests of this
/// node alone.
/// </summary>
internal sealed class HeldTokens(TimeProvider time)
{
    /// <summary>A token is valid for 5 minutes at least from when it was given. A STORE and its retry arrive within 10 s.</summary>
    public static readonly TimeSpan Fresh = WriteTokens.Epoch - TimeSpan.FromSeconds(15);

    /// <summary>An endpoint that gave none when asked is taken for one that gives none for so long, and at most twice.</summary>
    public static readonly TimeSpan NoneGeneration = TimeSpan.FromMinutes(30);

    // Guards both. A look-up or a change takes less than a microsecond.
    private readonly Lock _gate = new();
    private readonly EndpointGenerations<(WriteToken Token, long LearnedAt)> _tokens = new(WriteTokens.Epoch, time);
    private readonly EndpointGenerations<bool> _none = new(NoneGeneration, time);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _tokens.Count + _none.Count;
            }
        }
    }

    /// <summary>A fresh token of an endpoint, or none if it gives none. False if that is not known.</summary>
    public bool TryGet(UdpEndpoint endpoint, out WriteToken token)
    {
        lock (_gate)
        {
            var isFresh = _tokens.TryGet(endpoint, out var held) && time.GetElapsedTime(held.LearnedAt) < Fresh;
            token = isFresh ? held.Token : WriteToken.None;
            return isFresh || _none.TryGet(endpoint, out _);
        }
    }

    /// <summary>Learns from the answer to a request. One without a token says that there is none only if one was asked for.</summary>
    public void Learn(UdpEndpoint endpoint, ReadOnlySpan<byte> body, bool wasAsked)
    {
        if (!ResponseReader.TryReadToken(body, out var token) || (token.IsNone && !wasAsked))
        {
            return;
        }

        lock (_gate)
        {
            if (token.IsNone)
            {
                _tokens.Remove(endpoint);
                _none.Set(endpoint, true);
            }
            else
            {
                _none.Remove(endpoint);
                _tokens.Set(endpoint, (token, time.GetTimestamp()));
            }
        }
    }

    /// <summary>The endpoint does not know a token any more, as after a restart. A later one stays.</summary>
    public void Forget(UdpEndpoint endpoint, WriteToken token)
    {
        lock (_gate)
        {
            if (_tokens.TryGet(endpoint, out var held) && held.Token == token)
            {
                _tokens.Remove(endpoint);
            }
        }
    }
}

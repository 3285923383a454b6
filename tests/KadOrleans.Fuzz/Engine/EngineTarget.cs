using static KadOrleans.Fuzz.InvariantException;

namespace KadOrleans.Fuzz.Engine;

/// <summary>
/// A whole node on virtual time: strangers and contacts send it datagrams, as requests and as answers to what it asks,
/// while it runs lookups of its own.
/// </summary>
internal sealed class EngineTarget : IFuzzTarget
{
    private NodeSession? _session;

    public string Name => "engine";

    public void Begin(FuzzRandom random)
    {
        _session = new NodeSession(random);
        _session.Begin();
    }

    public bool Run(ReadOnlySpan<byte> datagram)
    {
        Require(_session is not null, "no session has begun");
        return _session!.Step(datagram.ToArray());
    }

    public void End()
    {
        _session?.End();
        _session = null;
    }
}

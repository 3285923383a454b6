using static KadOrleans.Fuzz.InvariantException;

namespace KadOrleans.Fuzz.Engine;

/// <summary>
/// A whole node on virtual time. Strangers and contacts send it requests, and responses to its own requests, while it runs lookups.
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

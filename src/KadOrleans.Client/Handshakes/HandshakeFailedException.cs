using System.Net;

namespace KadOrleans.Client;

/// <summary>A silo did not prove that it is one of the cluster. The message is one sentence for who runs the caller.</summary>
internal sealed class HandshakeFailedException(string message, bool hasEnded = false) : Exception(message)
{
    /// <summary>Whether it ended the connection without a word, which may have causes outside the handshake, such as TLS.</summary>
    public bool HasEnded => hasEnded;

    /// <summary>The key that a kind of port needs, by its setting.</summary>
    public static string SettingOf(PortKind kind) => kind == PortKind.Gateway ? KeySettings.Gateway : KeySettings.Silo;

    /// <summary>Nothing came that can be understood.</summary>
    public static HandshakeFailedException Of(HandshakeEnd end, PortKind kind, EndPoint? silo)
    {
        var what = end switch
        {
            HandshakeEnd.EndedEarly => "ended the connection before it",
            HandshakeEnd.TimedOut => $"did not within {PortHandshake.Timeout.TotalSeconds:0} s",
            HandshakeEnd.NoHandshake => "answered something else before it",
            HandshakeEnd.Proven or HandshakeEnd.WrongProof => throw new ArgumentOutOfRangeException(nameof(end), end, "It has sentences of its own."),
            _ => throw new ArgumentOutOfRangeException(nameof(end), end, "Unknown end."),
        };
        var proved = end == HandshakeEnd.TimedOut ? "prove" : "proved";
        return new(
            $"The silo at {silo} {what} {proved} that it has the {SettingOf(kind)} of this process: no key is set there, "
                + "that is another port, or it stops.",
            end == HandshakeEnd.EndedEarly);
    }

    /// <summary>A listener that says what it is, and has not the key.</summary>
    public static HandshakeFailedException OfStranger(PortTerms met, PortTerms expected, EndPoint? silo) => new(
        met.Kind != expected.Kind
            ? $"The silo at {silo} says that this is its {Name(met.Kind)}, and its {Name(expected.Kind)} is needed."
            : !HandshakeBytes.IsShown(expected.Cluster, met.Cluster)
                ? $"The silo at {silo} says that its cluster is '{VisibleText.Excerpt(met.Cluster)}', not '{expected.Cluster}'; "
                    + "Orleans:ClusterId must be that of the cluster."
                : $"The silo at {silo} does not have the {SettingOf(expected.Kind)} of this process, and was told nothing; both need the same.");

    private static string Name(PortKind kind) => kind == PortKind.Gateway ? "gateway (Kad:Silo:GatewayPort)" : "port for silos (Kad:Silo:Port)";
}

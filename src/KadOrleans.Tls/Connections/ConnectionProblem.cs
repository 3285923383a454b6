namespace KadOrleans.Tls.Connections;

/// <summary>Kinds of connections that came to nothing; each is logged at its own pace.</summary>
internal enum ConnectionProblem
{
    /// <summary>The other side's certificate is not accepted.</summary>
    CertificateRefused,

    /// <summary>The handshake failed otherwise.</summary>
    HandshakeFailed,

    /// <summary>The other side ended the connection before its first message.</summary>
    EndedEarly,
}

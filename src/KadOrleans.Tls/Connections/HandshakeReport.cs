using System.Net;
using System.Security.Authentication;

namespace KadOrleans.Tls.Connections;

/// <summary>Puts into a sentence why a connection came to nothing. Without I/O.</summary>
internal static class HandshakeReport
{
    /// <summary>Of a handshake that failed.</summary>
    /// <param name="side">This process's.</param>
    /// <param name="other">The other side's address.</param>
    /// <param name="refusal">What is wrong with its certificate, if it presented one that is not accepted.</param>
    /// <param name="failure">What ended the handshake else.</param>
    public static (ConnectionProblem Kind, string Sentence) Failed(ConnectionSide side, EndPoint? other, string? refusal, Exception? failure)
    {
        var beginning = $"{side.OtherName} {other} was refused: ";
        if (refusal is not null)
        {
            return (ConnectionProblem.CertificateRefused, $"{beginning}{refusal}.");
        }

        var reason = failure is null ? "it ended" : Reason(failure);
        return failure switch
        {
            OperationCanceledException => (ConnectionProblem.HandshakeFailed, $"{beginning}the TLS handshake took too long."),

            // A certificate that was presented would have been judged.
            AuthenticationException { InnerException: null } when !side.IsCaller && failure.Message.Contains("certificate", StringComparison.Ordinal) =>
                (ConnectionProblem.CertificateRefused, $"{beginning}it presents no certificate; Kad:Tls:Certificate or Kad:Tls:Store is to be set there."),
            _ => (ConnectionProblem.HandshakeFailed,
                $"{beginning}the TLS handshake failed ({reason}): it does not speak TLS, or it does not accept this process's certificate, as its log then says."),
        };
    }

    /// <summary>Of a connection that a silo ended before its first message.</summary>
    public static string EndedEarly(ConnectionSide side, EndPoint? other, bool isEncrypted, Exception failure)
    {
        return $"{side.OtherName} {other} ended the connection before its first message ({Reason(failure)}): " + (isEncrypted
            ? "it does not accept this process's certificate, as its log then says, or it stops."
            : "it wants TLS, and Kad:Tls:Certificate is not set here, or it stops.");
    }

    private static string Reason(Exception failure) => failure.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}

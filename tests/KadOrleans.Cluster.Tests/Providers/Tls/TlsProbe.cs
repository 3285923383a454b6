using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>A client that speaks TLS and nothing of Orleans.</summary>
internal static class TlsProbe
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task<string> SubjectAsync(int port, X509Certificate2? certificate)
    {
        using var deadline = new CancellationTokenSource(Longest);
        await using var stream = await ConnectAsync(port, certificate, deadline.Token);
        return stream.RemoteCertificate!.Subject;
    }

    /// <summary>Whether a port ends the connection of whoever presents a certificate, or none.</summary>
    /// <remarks>A port that accepts it waits for a first message, so that this waits for as long as it may.</remarks>
    public static async Task<bool> IsRefusedAsync(int port, X509Certificate2? certificate)
    {
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            await using var stream = await ConnectAsync(port, certificate, deadline.Token);
            return await stream.ReadAsync(new byte[1], deadline.Token) == 0;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return true;
        }
    }

    private static async Task<SslStream> ConnectAsync(int port, X509Certificate2? certificate, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "kad",
                ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
                AllowTlsResume = false,
            },
            cancellationToken);
        return stream;
    }
}

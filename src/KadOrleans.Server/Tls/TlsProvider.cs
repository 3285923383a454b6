using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Orleans.Connections.Security;

namespace KadOrleans.Server;

/// <summary>Encrypts the connections between the processes of a cluster.</summary>
internal interface ITlsProvider
{
    void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use);

    void Encrypt(IConnectionBuilder connections, ConnectionSide side);
}

/// <summary>Mutual TLS, by certificates that are read again when their files change.</summary>
internal sealed class TlsProvider : ITlsProvider
{
    public void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use)
    {
        var reader = new CredentialReader(options, use, TimeProvider.System);
        var first = reader.Read();
        services.AddSingleton(options);
        services.AddSingleton(provider => new RenewedCredentials(
            reader,
            first,
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILogger<RenewedCredentials>>()));
    }

    public void Encrypt(IConnectionBuilder connections, ConnectionSide side)
    {
        var services = connections.ApplicationServices;
        var credentials = services.GetRequiredService<RenewedCredentials>();
        var name = services.GetRequiredService<KadTlsOptions>().Name;
        var tls = new TlsOptions
        {
            RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
            RemoteCertificateValidation = (certificate, chain, _) =>
            {
                var flaw = credentials.FindFlaw(certificate, side.Other, chain);
                if (flaw is not null)
                {
                    ClusterConnections.LogProblem(
                        services,
                        "certificate refused",
                        $"{side.OtherName} was refused: its certificate {CertificatePolicy.Show(certificate)} is not accepted: {flaw}.");
                }

                return flaw is null;
            },

            // Required, but the context below overrides it and has the intermediates, too.
            LocalServerCertificateSelector = (_, _) => credentials.Get().Certificate,
            OnAuthenticateAsServer = (_, given) =>
                Fill((SslServerAuthenticationOptions)given.SslServerAuthenticationOptions, credentials.Get()),
            OnAuthenticateAsClient = (_, given) =>
                Fill((SslClientAuthenticationOptions)given.SslClientAuthenticationOptions, credentials.Get(), name),
        };
        if (side.IsCaller)
        {
            connections.UseClientTls(tls);
        }
        else
        {
            connections.UseServerTls(tls);
        }
    }

    private static void Fill(SslServerAuthenticationOptions server, Credentials credentials)
    {
        server.ServerCertificateSelectionCallback = null;
        server.ServerCertificateContext = credentials.Context;
        server.CertificateChainPolicy = credentials.CreateChainPolicy();

        // A resumed session would skip the check of certificates.
        server.AllowTlsResume = false;
    }

    private static void Fill(SslClientAuthenticationOptions client, Credentials credentials, string name)
    {
        client.TargetHost = name;
        client.ClientCertificateContext = credentials.Context;
        client.CertificateChainPolicy = credentials.CreateChainPolicy();
        client.AllowTlsResume = false;
    }
}

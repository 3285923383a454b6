using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>What each verified endpoint may draw.</summary>
internal sealed class EndpointRates(SourceLimits limits, UploadLimits upload)
{
    /// <summary>Requests, as of one source.</summary>
    public TokenRate Requests { get; } = limits.PerSource;

    /// <summary>Whether bytes are limited.</summary>
    public bool LimitsBytes { get; } = upload.PerEndpoint > 0;

    /// <summary>Bytes of answers: a second's worth at once.</summary>
    public TokenRate Bytes { get; } = new(upload.PerEndpoint, upload.PerEndpoint);
}

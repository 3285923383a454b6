namespace KadOrleans.Tls.Certificates;

/// <summary>Why a certificate is not acceptable.</summary>
internal enum CertificateFlaw
{
    /// <summary>Nothing: it is.</summary>
    None,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>Its time is over.</summary>
    Ended,

    /// <summary>Its time has not begun.</summary>
    NotBegun,

    /// <summary>It names uses, and not the one that it is presented for.</summary>
    OtherUse,

    /// <summary>No trusted authority signed it, or one whose own time is over.</summary>
    ForeignAuthority,

    /// <summary>It does not carry the cluster's name.</summary>
    OtherName,
}

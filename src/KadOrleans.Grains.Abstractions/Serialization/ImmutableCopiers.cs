using KadOrleans.Core.Values;
using Orleans.Serialization.Cloning;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A held value never changes: within a silo a call or a reply hands it over as it is.</summary>
[RegisterCopier]
internal sealed class StoredValueCopier : ShallowCopier<StoredValue>;

/// <inheritdoc cref="StoredValueCopier"/>
[RegisterCopier]
internal sealed class DhtValueCopier : ShallowCopier<DhtValue>;
